"""Problems in time that are periodic in all coordinates of a box: Fourier modes that follow the time."""
