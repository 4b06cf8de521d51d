"""Fine-tunes the sentence encoder that the models read comments with. Needs the extra `encoder`; nothing else imports it."""
