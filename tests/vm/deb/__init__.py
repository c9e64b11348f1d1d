"""The lab of the package's life: a chroot for files and accounts, the laptop for what runs.

``builds`` makes the packages, ``chroot`` a minimal Debian to put them in, ``in_chroot`` and
``in_laptop`` hold the cases, ``cases`` what a case is and how it is written down.
"""
