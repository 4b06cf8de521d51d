import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # as `python -m service` has it, before numpy is imported
