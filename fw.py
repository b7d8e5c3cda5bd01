import sys,json,glob
for f in sorted(glob.glob(f'/tmp/n2/{sys.argv[1]}/aws/*')):
    d=json.load(open(f)); r=d.get('response') or {}
    if d['operation']=='DescribeRuleGroup':
        s=r['RuleGroup']['RulesSource']; print(r['RuleGroupResponse']['RuleGroupArn'][-14:], 'VARS',r['RuleGroup'].get('RuleVariables'),'STR',s.get('RulesString'),s.get('RulesSourceList'))
        for x in s.get('StatefulRules',[]): print('    SF',x['Action'],{k:v for k,v in x['Header'].items()},[o['Keyword'] for o in x.get('RuleOptions',[])])
        for x in (s.get('StatelessRulesAndCustomActions') or {}).get('StatelessRules',[]): print('    SL',x['Priority'],x['RuleDefinition']['Actions'],{k:v for k,v in x['RuleDefinition']['MatchAttributes'].items() if v})
    if d['operation']=='DescribeFirewallPolicy': print(r['FirewallPolicyResponse']['FirewallPolicyArn'][-14:],{k:v for k,v in r['FirewallPolicy'].items() if v})
    if d['operation']=='DescribeFirewall': print(r['Firewall']['FirewallArn'][-14:],json.dumps(r['FirewallStatus'])[:300])
