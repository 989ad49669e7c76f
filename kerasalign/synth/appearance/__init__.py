"""What a person looks like and wears: skin, hair, make-up, clothes and things in front of the face."""
