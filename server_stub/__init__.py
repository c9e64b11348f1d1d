"""The collector: takes events in, shows them to IT, keeps the breach register."""
