#!/bin/sh
# Make the namespace and what runs are searchable for; a repeat adds what is missing.
# Where Temporal is comes from TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE, which `temporal` reads by itself.
set -eu
: "${TEMPORAL_ADDRESS:?}" "${TEMPORAL_NAMESPACE:?}" "${RETENTION:=90d}"

tries=0
until temporal operator cluster health >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 60 ] || { echo "Nobody answers at $TEMPORAL_ADDRESS." >&2; exit 1; }
    sleep 1
done

temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
    temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"

# A namespace that was made just now is known to all parts of the cluster a little later.
tries=0
until has=$(temporal operator search-attribute list 2>/dev/null); do
    tries=$((tries + 1))
    [ $tries -lt 60 ] || { echo "The namespace $TEMPORAL_NAMESPACE does not come up." >&2; exit 1; }
    sleep 1
done

while read -r name type; do
    echo "$has" | grep -qw "$name" || temporal operator search-attribute create --name "$name" --type "$type"
done <<'ATTRIBUTES'
AssignmentId Keyword
JobId Keyword
CustomerId Keyword
ProviderId Keyword
FulfillmentStatus Keyword
PayoutStatus Keyword
ScheduledStart Datetime
ReminderOverdue Bool
ScheduleVersion Int
CaptureBefore Datetime
ATTRIBUTES
