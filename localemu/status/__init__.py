"""The status page and the admin API: one page that shows what the platform holds and does, and the few verbs tests and operators need."""
