-- The register of organisations over time. A name or code is never given a second time.
CREATE TABLE organisation (
    code            text PRIMARY KEY,
    organisation_id uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(), -- what is said of it is about this
    name            text NOT NULL,
    short           text NOT NULL DEFAULT '',
    opened_on       date,                           -- null: before the register
    closed_on       date,                           -- the first day on which it is not there; may be to come
    successors      text[] NOT NULL DEFAULT '{}',   -- codes
    said            boolean NOT NULL DEFAULT false, -- whether its closing was said
    CHECK ((closed_on IS NULL) = (successors = '{}')),
    CHECK (closed_on > opened_on)
);

INSERT INTO organisation (code, name, short) VALUES
    ('APHA', 'Animal and Plant Health Agency', 'APHA'),
    ('CEFAS', 'Centre for Environment, Fisheries and Aquaculture Science', 'Cefas'),
    ('DSTL', 'Defence Science and Technology Laboratory', 'Dstl'),
    ('DCMS', 'Department for Culture, Media and Sport', 'DCMS'),
    ('DEFRA', 'Department for Environment, Food and Rural Affairs', 'Defra'),
    ('DFT', 'Department for Transport', 'DfT'),
    ('DHSC', 'Department of Health and Social Care', 'DHSC'),
    ('ENVIRONMENT-AGENCY', 'Environment Agency', ''),
    ('FSA', 'Food Standards Agency', 'FSA'),
    ('FOREST-RESEARCH', 'Forest Research', ''),
    ('GO-SCIENCE', 'Government Office for Science', 'GO-Science'),
    ('HSE', 'Health and Safety Executive', 'HSE'),
    ('HMRC', 'HM Revenue and Customs', 'HMRC'),
    ('HOME-OFFICE', 'Home Office', ''),
    ('IPO', 'Intellectual Property Office', 'IPO'),
    ('MHRA', 'Medicines and Healthcare products Regulatory Agency', 'MHRA'),
    ('MET-OFFICE', 'Met Office', ''),
    ('MOD', 'Ministry of Defence', 'MOD'),
    ('NPL', 'National Physical Laboratory', 'NPL'),
    ('NATURAL-ENGLAND', 'Natural England', ''),
    ('SCOTTISH-GOVERNMENT', 'Scottish Government', ''),
    ('UKHSA', 'UK Health Security Agency', 'UKHSA'),
    ('UK-SPACE-AGENCY', 'UK Space Agency', 'UKSA'),
    ('WELSH-GOVERNMENT', 'Welsh Government', '');

INSERT INTO organisation (code, name, short, opened_on) VALUES
    ('DESNZ', 'Department for Energy Security and Net Zero', 'DESNZ', '2023-02-07'),
    ('DSIT', 'Department for Science, Innovation and Technology', 'DSIT', '2023-02-07'),
    ('FCDO', 'Foreign, Commonwealth and Development Office', 'FCDO', '2020-09-02');

-- These closed before anybody could listen: nothing is said of it.
INSERT INTO organisation (code, name, short, closed_on, successors, said) VALUES
    ('BEIS', 'Department for Business, Energy and Industrial Strategy', 'BEIS', '2023-02-07', '{DESNZ,DSIT}', true),
    ('DFID', 'Department for International Development', 'DFID', '2020-09-02', '{FCDO}', true),
    ('FCO', 'Foreign and Commonwealth Office', 'FCO', '2020-09-02', '{FCDO}', true);

-- An import may say where the members of a closed organisation went.
ALTER TABLE import_row DROP CONSTRAINT import_row_outcome_check,
    ADD CONSTRAINT import_row_outcome_check CHECK (outcome IN ('joined', 'already-a-member', 'refused', 'transferred'));
