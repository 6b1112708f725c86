# The roles and the database of docs/servers.md, with the passwords of /run/secrets. The Postgres image runs it when its volume is empty;
# run again (`docker compose exec postgres sh /docker-entrypoint-initdb.d/roles.sh`), it sets the passwords to what the files say by then.
secret() { cat "${SECRETS:-/run/secrets}/$1"; }
psql -v ON_ERROR_STOP=1 -q -U "${POSTGRES_USER:-postgres}" -d postgres \
  -v administrator="${POSTGRES_USER:-postgres}" -v postgres="$(secret postgres_password)" \
  -v migrate="$(secret migrate_database_password)" -v gauntlet="$(secret gauntlet_database_password)" \
  -v promotion="$(secret promotion_database_password)" -v distribution="$(secret distribution_database_password)" <<'SQL'
SELECT format('CREATE ROLE %I LOGIN', name)
  FROM unnest(ARRAY['ringrift', 'ringrift_gauntlet', 'ringrift_promotion', 'ringrift_distribution']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE :"administrator" PASSWORD :'postgres';
ALTER ROLE ringrift PASSWORD :'migrate';
ALTER ROLE ringrift_gauntlet PASSWORD :'gauntlet';
ALTER ROLE ringrift_promotion PASSWORD :'promotion';
ALTER ROLE ringrift_distribution PASSWORD :'distribution';
SELECT 'CREATE DATABASE ringrift OWNER ringrift ENCODING ''UTF8'' TEMPLATE template0'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'ringrift') \gexec
REVOKE ALL ON DATABASE ringrift FROM PUBLIC;
GRANT CONNECT ON DATABASE ringrift TO ringrift_gauntlet, ringrift_promotion, ringrift_distribution;
SQL
