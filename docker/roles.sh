# Run by the Postgres image when its volume is empty: the roles and the database of docs/servers.md.
psql -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d postgres \
  -v migrate="$MIGRATE_DATABASE_PASSWORD" -v gauntlet="$GAUNTLET_DATABASE_PASSWORD" \
  -v promotion="$PROMOTION_DATABASE_PASSWORD" -v distribution="$DISTRIBUTION_DATABASE_PASSWORD" <<'SQL'
CREATE ROLE ringrift LOGIN PASSWORD :'migrate';
CREATE ROLE ringrift_gauntlet LOGIN PASSWORD :'gauntlet';
CREATE ROLE ringrift_promotion LOGIN PASSWORD :'promotion';
CREATE ROLE ringrift_distribution LOGIN PASSWORD :'distribution';
CREATE DATABASE ringrift OWNER ringrift ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE ringrift FROM PUBLIC;
GRANT CONNECT ON DATABASE ringrift TO ringrift_gauntlet, ringrift_promotion, ringrift_distribution;
SQL
