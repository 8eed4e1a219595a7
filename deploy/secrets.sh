#!/bin/sh
# Make what is missing of deploy/.env and deploy/secrets, with fresh secrets; what is there stays as it is.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets

word() {
    head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n'
}

# A Fernet key is 32 bytes, and keeps its `=`.
fernet() {
    head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n'
}

if [ ! -e .env ]; then
    while IFS= read -r line; do
        case $line in
            *=MADE) echo "${line%MADE}$(word)" ;;
            *=MADE-FERNET) echo "${line%MADE-FERNET}$(fernet)" ;;
            *) echo "$line" ;;
        esac
    done <compose.env.example >.env
fi

# Containers that are not root read these as files, so the folder keeps others out and the files do not.
keep() {
    [ -e "secrets/$1" ] || printf %s "$2" >"secrets/$1"
    chmod 444 "secrets/$1"
}

keep metrics-token "$(sed -n 's/^METRICS_TOKEN=//p' .env)"
keep grafana-password "$(word)"
keep pagerduty-key not-set
keep webhook-token not-set
