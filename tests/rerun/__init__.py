"""Submissions to be rerun: right ones in many dresses, and hostile ones. Each is written as a folder."""
