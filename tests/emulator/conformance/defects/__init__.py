"""The defects of the emulator, as questions: True while a mend is needed."""
