import os,sys,tempfile,json; sys.path.insert(0,'/work/w/net2/tests')
from pathlib import Path
from certificates import certified
from saved import save
import tally, shutil
seed=int(sys.argv[1])
k,whole=tally.drawn(seed)
p=Path(f'/tmp/n2/{seed}'); shutil.rmtree(p,ignore_errors=True); p.mkdir(parents=True); save(whole,p/'aws')
lines=certified(p/'aws'); (p/'c.jsonl').write_text(''.join(lines))
for n in map(int,sys.argv[2:]):
    d=json.loads(lines[n-1])
    print(d['row'],d['verdict'],d['relies_on_absent'])
    for w in d['ways']:
        print('  ',' '.join(map(str,w['way'])))
        for c in w['claims']:
            print('      ',c['fate'],c.get('layer'),c.get('record'),c.get('assumed',''),c.get('reasons',''),len(c['boxes']),str(c['boxes'][:2])[:150])
