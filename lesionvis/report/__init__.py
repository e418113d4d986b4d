"""What a person looks at: pictures, tables and pages made from an analysis."""
