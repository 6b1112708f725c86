# What every container of the suite does before its process: hand over secrets that a library reads from the environment only,
# and give the process a copy of the compiled kernels that it may own, because the image's own is read-only.
set -eu
for name in AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY; do
  eval "file=\${${name}_FILE:-}"
  if [ -n "$file" ]; then
    value=$(cat "$file")
    export "$name=$value"
    unset "${name}_FILE"
  fi
done
if [ -d /opt/kernels ]; then
  mkdir -p "$NUMBA_CACHE_DIR"
  cp -rp /opt/kernels/. "$NUMBA_CACHE_DIR"
fi
exec "$@"
