"""The only door to the machine, and the forms in which its kernel and firmware write."""
