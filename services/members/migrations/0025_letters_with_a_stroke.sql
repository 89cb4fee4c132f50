-- Letters that have no letter of the English alphabet within them are found by the one that people write instead.
CREATE OR REPLACE FUNCTION search_key(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN replace(replace(replace(replace(lower(translate(btrim(regexp_replace(
        regexp_replace(normalize($1, NFKD), '[\u0300-\u036f''’‘`.]', '', 'g'), '[\s\u2010-\u2015-]+', ' ', 'g')),
        'ØøŁłĐđĦħÐðŦŧıÆŒÞẞ', 'OoLlDdHhDdTtiæœþß')), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'), 'ß', 'ss');
UPDATE member SET name = name WHERE name ~ '[ØøŁłĐđĦħÐðŦŧıÆæŒœÞþẞß]';  -- and with it search_name
