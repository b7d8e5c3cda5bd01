import sys,json,glob
seed,words=sys.argv[1],sys.argv[2:]
for f in sorted(glob.glob(f'/tmp/n2/{seed}/aws/*DescribeRouteTables*')):
    for t in (json.load(open(f)).get('response') or {}).get('RouteTables',[]):
        if words and not any(w==t['RouteTableId'] for w in words): continue
        print(t['RouteTableId'],t['VpcId'],[(a.get('SubnetId') or a.get('GatewayId') or a.get('PublicIpv4Pool') or 'main') for a in t['Associations']])
        for r in t['Routes']:
            v={k:x for k,x in r.items() if x}
            print('    ',v.pop('State',None),v.pop('Origin',None),' '.join(map(str,v.values())))
