"""rec.py SEED WORD...: records of the network that bear the word, compact"""
import sys,json,glob
seed,words=sys.argv[1],sys.argv[2:]
for f in sorted(glob.glob(f'/tmp/n2/{seed}/aws/*')):
    d=json.load(open(f)); 
    r=d.get('response')
    if r is None: print(f.split('/')[-1],d.get('error',{}).get('code'))
    for k,v in (r or {}).items():
        for one in v if isinstance(v,list) else [v]:
            s=json.dumps(one)
            if any(w in s for w in words): print(d['account'][:4],d['operation'],d.get('parameters',''),s.replace('"',''))
