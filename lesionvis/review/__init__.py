"""The review page: a person looks at the photos of a run, puts right what is wrong, and goes on."""
