-- +goose Up
-- Segments from before their language had rules of its own were analysed by those
-- for English: 0 has IndexUpkeep rebuild them. The tags are read as
-- analysis.ParseLanguage does. The role of the system sees all tenants, also where
-- the owner of the tables is no superuser.
SET LOCAL ROLE rustassistant_system;
UPDATE index_segments SET analysis = 0 WHERE tenant_id IN (
    SELECT tenant_id FROM documents
    WHERE indexed_version > 0 AND split_part(translate(lower(btrim(language)), '_', '-'), '-', 1) IN (
        'ar', 'ara', 'arabic', 'da', 'dan', 'danish', 'de', 'deu', 'ger', 'german', 'es', 'spa', 'spanish',
        'fi', 'fin', 'finnish', 'fr', 'fra', 'fre', 'french', 'ga', 'gle', 'irish', 'hu', 'hun', 'hungarian',
        'it', 'ita', 'italian', 'nl', 'nld', 'dut', 'dutch', 'no', 'nb', 'nn', 'nor', 'nob', 'nno', 'norwegian',
        'pt', 'por', 'portuguese', 'ro', 'ron', 'rum', 'romanian', 'ru', 'rus', 'russian', 'sv', 'swe', 'swedish',
        'ta', 'tam', 'tamil', 'tr', 'tur', 'turkish'));
RESET ROLE;

-- +goose Down
-- What is rebuilt needs nothing taken back.
SELECT 1;
