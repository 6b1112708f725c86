# Starts NATS with the passwords of /run/secrets. The server reads a value as its configuration would: unquoted, `12345678` would be
# a number and `true` a switch. So each is put between quotes, whatever it is made of.
set -eu
quoted() {
  printf '"%s"' "$(sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' "/run/secrets/$1")"
}
encoded() {
  printf %s "$(cat "/run/secrets/$1")" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g'
}
for login in gauntlet promotion distribution trainer; do
  name=$(echo "NATS_${login}_PASSWORD" | tr a-z A-Z)
  value=$(quoted "nats_${login}_password")
  export "$name=$value"
done
if [ -e /run/secrets/nats_cluster_password ]; then
  NATS_CLUSTER_PASSWORD=$(quoted nats_cluster_password)
  route=$(encoded nats_cluster_password)
  NATS_ROUTE_1="\"nats://server:$route@nats:6222\"" NATS_ROUTE_2="\"nats://server:$route@nats-2:6222\""
  NATS_ROUTE_3="\"nats://server:$route@nats-3:6222\"" NATS_SERVER_NAME="\"$(hostname)\""
  export NATS_CLUSTER_PASSWORD NATS_ROUTE_1 NATS_ROUTE_2 NATS_ROUTE_3 NATS_SERVER_NAME
fi
exec nats-server -c "/etc/nats/${NATS_CONFIGURATION:-nats}.conf"
