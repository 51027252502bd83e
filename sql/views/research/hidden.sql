-- One row per delivery, or object of one, that does not count for research: site, delivery_key and object.
-- What was retracted or withdrawn; `object` NULL hides all of the delivery. Views leave it out where the key is the same and the object is NULL
-- or the same.
SELECT
    site,
    delivery_key,
    object
FROM `lake.retractions`
WHERE delivery_key IS NOT NULL
GROUP BY site, delivery_key, object
