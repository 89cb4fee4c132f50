-- How a release was made. Of those that are out already it was not kept.
CREATE TABLE statistics_method (
    period            text PRIMARY KEY REFERENCES statistics_release (period),
    version           integer NOT NULL,
    threshold         integer NOT NULL, -- people: of fewer no figure is shown
    special_threshold integer NOT NULL, -- the same for special categories
    population        integer NOT NULL  -- of fewer people no row is shown alone
);
