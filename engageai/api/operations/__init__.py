"""What a program may ask, a module for each thing that it is asked of."""
