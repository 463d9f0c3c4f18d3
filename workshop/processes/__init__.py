"""A step's processes: started, printed, started again where the step wants that, and stopped together."""
