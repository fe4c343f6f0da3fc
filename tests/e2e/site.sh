# shellcheck shell=bash disable=SC2154 # servers.sh is sourced before
# What the tests share of verification sites: what a site is given by the key management systems kms and post, by the meter
# server on $database, and by the PSD in the reader.

# box NAME COMMAND...: what a key management system prints.
box() {
  "$PSD_KMS" "${@:2}" --dir "$1" --passphrase-file "$1.pass" 2>>site.log
}

# make_site FOLDER: with tables of today and tomorrow: midnight may pass meanwhile.
make_site() {
  local today
  today=$(date -u +%F)
  mkdir -p "$1"/{ca,crl,dsa}
  box kms ca >"$1/ca/vendor.pem"
  box kms export --kind rate >"$1/rates.pem"
  box kms export --kind table >"$1/vendor.pem"
  box post export --kind table >"$1/postal.pem"
  box kms day --date "$today" --days 2 --out "$1/days" >>site.log
  box post day --date "$today" --days 2 --out "$1/days" >>site.log
  update_site "$1"
}

# update_site FOLDER: what changes from day to day: certificates, those that are revoked, rates, refills.
update_site() {
  "$PSD_SERVER" verification export "$1" --db "$database" >>site.log
  "$PSD_SERVER" meter revoked --csv --db "$database" >revoked.csv
  box kms crl --revoked revoked.csv >"$1/crl/vendor.pem"
}
