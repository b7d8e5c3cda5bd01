import sys,tempfile,shutil; sys.path.insert(0,'/work/w/net2/tests')
from pathlib import Path
from collections import Counter
from certificates import certified, checked
from saved import save
import readings, fuzz, tally
from random import Random
a,b=int(sys.argv[1]),int(sys.argv[2])
bad=Counter(); n=r=0
for seed in range(a,b):
    k,whole=tally.drawn(seed)
    if len(sys.argv)>3 and not any(p in k for p in sys.argv[3:]): continue
    with tempfile.TemporaryDirectory() as d:
        p=Path(d)/'aws'; save(whole,p)
        try: lines=certified(p)
        except Exception as e: print(seed,'ERR',repr(e)[:200]); continue
        c=checked(str(seed),p,lines); n+=len(lines); r+=1
        for f in c.faults[:2]: print(seed,k[:14],f[:260])
        bad[k]+=bool(c.faults)
print(r,n,bad)
