"""What numpy, torch and OpenCV compute, without knowing a plan."""
