#!/usr/bin/env bash
# Saves what Sekisho reads of one account and Region, with nothing but the AWS CLI (read-only calls).
#
#   scripts/collect.sh REGION DIR
#
# The account is that of the credentials in use. Every answer becomes a file in DIR/ACCOUNT/REGION/: the answer as the
# CLI prints it, with what was asked, of whom and when. A call that fails becomes a file with its error, so that Sekisho
# says `unknown` where the answer is missing, and the script goes on.
# Exit: 0 every needed call was read, 1 a needed call failed, 2 usage.
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
read_count=0 failed=""
# Keys of VPN tunnels and of BGP sessions stay in AWS.
withheld='s/"(CustomerGatewayConfiguration|PreSharedKey|authKey|customerRouterConfig)": "([^"\\]|\\.)*"/"\1": null/'

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
  ec2 describe-customer-gateways
  ec2 describe-managed-prefix-lists
  ec2 describe-prefix-lists
  ec2 describe-vpc-block-public-access-options
  ec2 describe-vpc-block-public-access-exclusions
  ec2 describe-security-group-vpc-associations
  ec2 describe-transit-gateways
  ec2 describe-transit-gateway-attachments
  ec2 describe-transit-gateway-vpc-attachments
  ec2 describe-transit-gateway-peering-attachments
  ec2 describe-transit-gateway-connects
  ec2 describe-transit-gateway-route-tables
  ec2 describe-transit-gateway-policy-tables
  ec2 describe-vpc-endpoints
  ec2 describe-vpc-endpoint-service-configurations
  ec2 describe-vpc-endpoint-connections
  ec2 describe-instance-connect-endpoints
  ec2 describe-verified-access-endpoints
  ec2 describe-client-vpn-endpoints
  ec2 describe-carrier-gateways
  ec2 describe-local-gateways
  ec2 describe-local-gateway-route-tables
  ec2 describe-local-gateway-route-table-vpc-associations
  ec2 describe-public-ipv4-pools
  ec2 describe-byoip-cidrs --max-results 100
  elbv2 describe-load-balancers
  elbv2 describe-target-groups
  elb describe-load-balancers
  network-firewall list-firewalls
  globalaccelerator list-accelerators
  cloudfront list-vpc-origins
  vpc-lattice list-target-groups
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

# ask SERVICE CALL [ARGUMENT...]: the answer on stdout; what the CLI says of a failure in $place/.error.
ask() {
  local service=$1 call=$2
  shift 2
  aws "$service" "$call" "$@" --region "$(region_for "$service")" 2>"$place/.error"
}

# What the CLI wrote on stderr, as {"code": ..., "message": ...}.
error_json() {
  local message code
  [ -s "$place/.error" ] || echo "the call printed nothing" >"$place/.error"
  message=$(tr -s '[:cntrl:]' ' ' <"$place/.error" | tr -d '\\' | tr '"' "'" | sed 's/^ *//; s/ *$//' | cut -c 1-500)
  code=$(printf '%s' "$message" | sed -n 's/.*An error occurred (\([A-Za-z0-9.]*\)).*/\1/p')
  printf '{"code": "%s", "message": "%s"}' "${code:-CallFailed}" "${message##* operation: }"
}

# envelope SERVICE CALL PARAMETERS FILE ERROR: into FILE the answer, or the error, with what it does not say of itself.
envelope() {
  {
    printf '{"service": "%s", "operation": "%s", "account": "%s", "region": "%s", "parameters": %s, ' \
      "$1" "$(operation_of "$2")" "$account" "$region" "$3"
    printf '"collected_at": "%s", "error": %s, "response": ' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$5"
    if [ "$5" = null ]; then sed -E "$withheld" "$place/.answer"; else printf 'null'; fi
    printf '}\n'
  } >"$place/$4"
}

# refused SERVICE CALL PARAMETERS FILE: the error of the last call, in place of its answer.
refused() {
  envelope "$1" "$2" "$3" "$4" "$(error_json)"
  case $failed in *" $1:$2"*) ;; *) failed="$failed $1:$2" ;; esac
  echo "collect.sh: $1 $2: $(tr -s '[:cntrl:]' ' ' <"$place/.error" | sed 's/^ *//' | cut -c 1-300)" >&2
}

# save SERVICE CALL PARAMETERS FILE [ARGUMENT...]: one answer, or its error.
save() {
  local service=$1 call=$2 parameters=$3 file=$4
  shift 4
  if ask "$service" "$call" "$@" --output json >"$place/.answer" && [ -s "$place/.answer" ]; then
    envelope "$service" "$call" "$parameters" "$file" null
    read_count=$((read_count + 1))
  else
    refused "$service" "$call" "$parameters" "$file"
  fi
}

# save_each CALLS: the calls that answer for all of the account and Region.
save_each() {
  local service call arguments
  while read -r service call arguments; do
    # shellcheck disable=SC2086 # several words
    [ -z "$service" ] || save "$service" "$call" "{}" "$service.$call.json" $arguments </dev/null
  done <<<"$1"
}

# LoadBalancerArn -> --load-balancer-arn
option_of() {
  echo "$1" | sed -e 's/\([A-Z]\)/-\1/g' -e 's/^-*/--/' | tr '[:upper:]' '[:lower:]'
}

# save_of SERVICE CALL PARAMETER NAME: the answer about one resource.
save_of() {
  local service=$1 call=$2 parameter=$3 name=$4 file more=""
  file=$service.$call.$(printf '%s' "${name#arn:*:*:*:}" | tr -c 'A-Za-z0-9._-' '-').json
  set -- "$(option_of "$parameter")" "$name"
  if [ "$call" = search-transit-gateway-routes ]; then # it has to have a filter: one that finds every route
    set -- "$@" --filters Name=state,Values=active,blackhole
    more=', "Filters": [{"Name": "state", "Values": ["active", "blackhole"]}]'
  fi
  save "$service" "$call" "{\"$parameter\": \"$name\"$more}" "$file" "$@" </dev/null
}

# named CALL MEMBER: the names that saved answers of the call hold in the member, each once. A list that could not be
# read names nothing; it has its error in a file already.
named() {
  cat "$place/$1".json "$place/$1".*.json 2>/dev/null |
    grep -o "\"$2\": *\"[^\"]*\"" | cut -d '"' -f 4 | sort -u || true
}

# save_of_each LIST MEMBER SERVICE PARAMETER CALL...: the calls, asked of every resource that answers of LIST, saved
# before, name in MEMBER. Few of these answers say what they are about, so the name is saved with them.
save_of_each() {
  local list=$1 member=$2 service=$3 parameter=$4 name call
  shift 4
  for name in $(named "$list" "$member"); do
    for call in "$@"; do
      save_of "$service" "$call" "$parameter" "$name"
    done
  done
}

# names SERVICE CALL QUERY [ARGUMENT...]: what a list that is not saved names, one a line.
names() {
  local service=$1 call=$2 query=$3 found
  shift 3
  found=$(ask "$service" "$call" "$@" --query "$query" --output text) || return 1
  printf '%s\n' "$found" | tr -s '[:space:]' '\n' | sed -e '/^$/d' -e '/^None$/d'
}

# Custom routing accelerators and their listeners are not read themselves: they lead to the endpoint groups.
save_custom_routing() {
  local call=list-custom-routing-endpoint-groups accelerators listeners accelerator listener
  if ! accelerators=$(names globalaccelerator list-custom-routing-accelerators 'Accelerators[].AcceleratorArn'); then
    refused globalaccelerator "$call" "{}" "globalaccelerator.$call.json"
    return
  fi
  for accelerator in $accelerators; do
    if listeners=$(names globalaccelerator list-custom-routing-listeners 'Listeners[].ListenerArn' \
      --accelerator-arn "$accelerator"); then
      for listener in $listeners; do
        save_of globalaccelerator "$call" ListenerArn "$listener"
      done
    else
      refused globalaccelerator "$call" "{}" "globalaccelerator.$call.${accelerator##*/}.json"
    fi
  done
}

save_each "$needed"
needed_failed=$failed
save_each "$optional"
save_of_each ec2.describe-managed-prefix-lists PrefixListId ec2 PrefixListId get-managed-prefix-list-entries
save_of_each ec2.describe-transit-gateway-route-tables TransitGatewayRouteTableId ec2 TransitGatewayRouteTableId \
  search-transit-gateway-routes get-transit-gateway-route-table-associations \
  get-transit-gateway-route-table-propagations get-transit-gateway-prefix-list-references
save_of_each ec2.describe-transit-gateway-policy-tables TransitGatewayPolicyTableId ec2 TransitGatewayPolicyTableId \
  get-transit-gateway-policy-table-entries get-transit-gateway-policy-table-associations
save_of_each ec2.describe-vpc-endpoint-service-configurations ServiceId ec2 ServiceId \
  describe-vpc-endpoint-service-permissions
save_of_each ec2.describe-client-vpn-endpoints ClientVpnEndpointId ec2 ClientVpnEndpointId \
  describe-client-vpn-target-networks describe-client-vpn-authorization-rules describe-client-vpn-routes
save_of_each ec2.describe-local-gateway-route-tables LocalGatewayRouteTableId ec2 LocalGatewayRouteTableId \
  search-local-gateway-routes
save_of_each elbv2.describe-load-balancers LoadBalancerArn elbv2 LoadBalancerArn \
  describe-listeners describe-load-balancer-attributes
save_of_each elbv2.describe-listeners ListenerArn elbv2 ListenerArn describe-rules
save_of_each elbv2.describe-target-groups TargetGroupArn elbv2 TargetGroupArn \
  describe-target-health describe-target-group-attributes
save_of_each elb.describe-load-balancers LoadBalancerName elb LoadBalancerName describe-load-balancer-attributes
save_of_each network-firewall.list-firewalls FirewallArn network-firewall FirewallArn describe-firewall
save_of_each network-firewall.describe-firewall FirewallPolicyArn network-firewall FirewallPolicyArn \
  describe-firewall-policy
save_of_each network-firewall.describe-firewall-policy ResourceArn network-firewall RuleGroupArn describe-rule-group
save_of_each globalaccelerator.list-accelerators AcceleratorArn globalaccelerator AcceleratorArn list-listeners
save_of_each globalaccelerator.list-listeners ListenerArn globalaccelerator ListenerArn list-endpoint-groups
save_of_each cloudfront.list-vpc-origins Id cloudfront Id get-vpc-origin
save_of_each vpc-lattice.list-target-groups id vpc-lattice targetGroupIdentifier list-targets
save_of_each ec2.describe-vpcs VpcId vpc-lattice vpcIdentifier list-service-network-vpc-associations
save_of_each directconnect.describe-direct-connect-gateways directConnectGatewayId directconnect \
  directConnectGatewayId describe-direct-connect-gateway-associations
save_custom_routing
rm -f "$place/.answer" "$place/.error"

echo "collect.sh: $read_count answers in $place" >&2
if [ -n "$failed" ]; then
  echo "collect.sh: failed, so what depends on them is unknown:$failed" >&2
fi
[ -z "$needed_failed" ] || exit 1
