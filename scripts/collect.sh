#!/usr/bin/env bash
# Saves what Sekisho reads of one account and Region, with nothing but the AWS CLI (read-only calls).
#
#   scripts/collect.sh REGION DIR
#
# The account is that of the credentials in use. Every answer becomes a file in DIR/ACCOUNT/REGION/, as the CLI
# prints it. A call that fails becomes a file with its error, so that Sekisho says `unknown` where the answer is
# missing, and the script goes on. Exit: 0 every needed call was read, 1 a needed call failed, 2 usage.
set -euo pipefail
umask 077 # a snapshot tells how to reach an estate
export AWS_PAGER=""

if [ $# -ne 2 ]; then
  echo "usage: collect.sh REGION DIR" >&2
  exit 2
fi
region=$1
if ! account=$(aws sts get-caller-identity --query Account --output text); then
  echo "collect.sh: the AWS CLI has no working credentials" >&2
  exit 2
fi
place=$2/$account/$region
if [ -n "$(ls -A "$place" 2>/dev/null)" ]; then
  echo "collect.sh: $place holds files already; give a new directory, or two collections would mix" >&2
  exit 2
fi
mkdir -p "$place"
none="{}" read_count=0 failed="" needed_failed=""

# Without these calls nearly every answer is `unknown`.
needed="
  ec2 describe-vpcs
  ec2 describe-subnets
  ec2 describe-network-interfaces
  ec2 describe-instances
  ec2 describe-security-groups
  ec2 describe-network-acls
  ec2 describe-route-tables
  ec2 describe-internet-gateways
  ec2 describe-vpc-peering-connections"

# A kind whose call is not saved is taken as absent, and the answers that rely on it say so.
optional="
  ec2 describe-addresses
  ec2 describe-egress-only-internet-gateways
  ec2 describe-nat-gateways
  ec2 describe-vpn-gateways
  ec2 describe-vpn-connections
  ec2 describe-managed-prefix-lists
  ec2 describe-prefix-lists
  ec2 describe-vpc-block-public-access-options
  ec2 describe-vpc-block-public-access-exclusions
  ec2 describe-transit-gateways
  ec2 describe-transit-gateway-attachments
  ec2 describe-transit-gateway-vpc-attachments
  ec2 describe-transit-gateway-peering-attachments
  ec2 describe-transit-gateway-route-tables
  ec2 describe-vpc-endpoints
  ec2 describe-vpc-endpoint-service-configurations
  ec2 describe-instance-connect-endpoints
  ec2 describe-verified-access-endpoints
  ec2 describe-client-vpn-endpoints
  ec2 describe-carrier-gateways
  ec2 describe-local-gateways
  ec2 describe-security-group-vpc-associations
  ec2 describe-customer-gateways
  elbv2 describe-load-balancers
  elbv2 describe-target-groups
  elb describe-load-balancers
  network-firewall list-firewalls
  globalaccelerator list-accelerators
  cloudfront list-vpc-origins
  directconnect describe-direct-connect-gateways
  directconnect describe-virtual-interfaces
  networkmanager list-core-networks"

# describe-vpcs -> DescribeVpcs
operation_of() {
  echo "$1" | awk -F- '{ for (i = 1; i <= NF; i++) printf "%s%s", toupper(substr($i, 1, 1)), substr($i, 2) }'
}

# The Region to ask: two global services answer in us-west-2 only.
region_for() {
  case $1 in
    globalaccelerator | networkmanager) echo us-west-2 ;;
    *) echo "$region" ;;
  esac
}

# envelope SERVICE COMMAND PARAMETERS ERROR RESPONSE: one answer with what it does not say of itself.
envelope() {
  printf '{"service": "%s", "operation": "%s", "account": "%s", "region": "%s", "parameters": %s, ' \
    "$1" "$(operation_of "$2")" "$account" "$region" "$3"
  printf '"collected_at": "%s", "error": %s, "response": %s}\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$4" "$5"
}

# What the CLI wrote on stderr, as {"code": ..., "message": ...}.
error_json() {
  local message code
  message=$(tr -s '[:cntrl:]' ' ' <"$place/.error" | tr -d '\\' | tr '"' "'" | sed 's/^ *//; s/ *$//' | cut -c 1-500)
  code=$(printf '%s' "$message" | sed -n 's/.*An error occurred (\([A-Za-z0-9.]*\)).*/\1/p')
  printf '{"code": "%s", "message": "%s"}' "${code:-CallFailed}" "${message##* operation: }"
}

# ask SERVICE COMMAND [ARGUMENT...]: the answer on stdout; what the CLI says of a failure in $place/.error.
ask() {
  local service=$1 call=$2
  shift 2
  aws "$service" "$call" "$@" --region "$(region_for "$service")" 2>"$place/.error"
}

# failure SERVICE COMMAND FILE [PARAMETERS]: the error of the last call, in place of its answer.
failure() {
  [ -s "$place/.error" ] || echo "the call printed nothing" >"$place/.error"
  envelope "$1" "$2" "${4:-$none}" "$(error_json)" null >"$place/$3"
  failed="$failed $1:$2"
  echo "collect.sh: $1 $2: $(tr -s '[:cntrl:]' ' ' <"$place/.error" | sed 's/^ *//' | cut -c 1-300)" >&2
}

# save SERVICE COMMAND FILE: one answer as it comes, or its error.
save() {
  if ask "$1" "$2" --output json >"$place/.answer" && [ -s "$place/.answer" ]; then
    mv "$place/.answer" "$place/$3"
    read_count=$((read_count + 1))
  else
    failure "$1" "$2" "$3"
  fi
}

# save_one SERVICE COMMAND FILE OPTION PARAMETER VALUE: the answer about one thing, enveloped with its name.
save_one() {
  local parameters="{\"$5\": \"$6\"}"
  if ask "$1" "$2" "$4" "$6" --output json >"$place/.answer" && [ -s "$place/.answer" ]; then
    envelope "$1" "$2" "$parameters" null "$(cat "$place/.answer")" >"$place/$3"
    read_count=$((read_count + 1))
  else
    failure "$1" "$2" "$3" "$parameters"
  fi
}

# names SERVICE COMMAND QUERY [ARGUMENT...]: what a list names, one a line.
names() {
  local service=$1 call=$2 query=$3 found
  shift 3
  found=$(ask "$service" "$call" "$@" --query "$query" --output text) || return 1
  printf '%s\n' "$found" | tr -s '[:space:]' '\n' | sed -e '/^$/d' -e '/^None$/d'
}

save_all() {
  local service call prefix
  while read -r service call; do
    [ -n "$service" ] || continue
    prefix=$service-
    [ "$service" != ec2 ] || prefix=""
    save "$service" "$call" "$prefix$call.json"
  done <<<"$1"
}

save_all "$needed"
needed_failed=$failed
save_all "$optional"

# These answers do not name what they are about, so each is saved with the name. A list that could not be read
# has its error in a file already.
for list in $(names ec2 describe-managed-prefix-lists 'PrefixLists[].PrefixListId' || true); do
  save_one ec2 get-managed-prefix-list-entries "get-managed-prefix-list-entries-$list.json" \
    --prefix-list-id PrefixListId "$list"
done
for vpc in $(names ec2 describe-vpcs 'Vpcs[].VpcId' || true); do
  save_one vpc-lattice list-service-network-vpc-associations "vpc-lattice-associations-$vpc.json" \
    --vpc-identifier vpcIdentifier "$vpc"
done
for accelerator in $(names globalaccelerator list-accelerators 'Accelerators[].AcceleratorArn' || true); do
  groups=globalaccelerator-endpoint-groups-${accelerator##*/}
  if listeners=$(names globalaccelerator list-listeners 'Listeners[].ListenerArn' --accelerator-arn "$accelerator"); then
    for listener in $listeners; do
      save_one globalaccelerator list-endpoint-groups "$groups-${listener##*/}.json" \
        --listener-arn ListenerArn "$listener"
    done
  else
    failure globalaccelerator list-endpoint-groups "$groups.json"
  fi
done
rm -f "$place/.answer" "$place/.error"

echo "collect.sh: $read_count answers in $place" >&2
if [ -n "$failed" ]; then
  echo "collect.sh: failed, so what depends on them is unknown:$failed" >&2
fi
[ -z "$needed_failed" ] || exit 1
