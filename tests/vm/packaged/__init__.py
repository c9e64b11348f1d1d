"""The collector's package in the virtual machine: ``place`` gets it there, ``cases`` try it."""
