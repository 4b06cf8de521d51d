"""`python -m training encoder`: fine-tunes the encoder that the models read comments with. Needs the extra `encoder`, and only it does."""
