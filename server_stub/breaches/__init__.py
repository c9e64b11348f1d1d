"""The breach register: entries, clocks, the dossier, the plan, the papers."""
