"""The `part` trigger: parts that pass on a belt, each found once and looked at in its best moment."""
