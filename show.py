"""show.py SEED LINE WAYNUM CLAIMNUM: boxes of the claim"""
import sys,json
s,l,w,c=sys.argv[1],*map(int,sys.argv[2:])
d=json.loads(open(f'/tmp/n2/{s}/c.jsonl').read().splitlines()[l-1])
for b in d['ways'][w]['claims'][c]['boxes']: print(b, d['sources'][b[1]][:300])
