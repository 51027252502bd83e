"""A view that a statement reads in several places is worked out in one of them."""

from localemu.bigquery.sql.compile import _with_views


def test_only_a_view_that_is_read_more_than_once_is_kept_aside() -> None:
    views = {'"view a"': "SELECT 1 AS x", '"view b"': 'SELECT x FROM "view a"', '"view c"': 'SELECT x FROM "view b"'}
    text = _with_views('SELECT * FROM "view b" JOIN "view c" USING (x)', views)
    assert '"view a" AS (SELECT' in text and '"view b" AS MATERIALIZED (' in text and '"view c" AS (SELECT' in text
