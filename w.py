"""w.py SEED LINE [CLAIM]: checker's own pieces for each way / claim of that line"""
import sys,json
from sekisho_check.audit import Audit,_held
from sekisho_check.boxes import whole
from sekisho_check.certificate import certificate
from sekisho_check.estate import Estate
from sekisho_check.snapshot import read
from sekisho_check.walk import Walk,Piece
from sekisho_check.ways import enter,leave
from sekisho_check.audit import show
p,n=sys.argv[1],int(sys.argv[2]); e=Estate(read(f'/tmp/n2/{p}/aws')); a=Audit(e)
line=open(f'/tmp/n2/{p}/c.jsonl').read().splitlines()[n-1]; c=certificate(line.encode())
row=a.rows.get((c.row['interface'],c.row['address'],c.row['origin']))
print('ways',[(w.words,w.open) for w in row.ways] if row else None)
try: print(a.check(c))
except Exception as x: print('REFUSED',x)
ex={w.words:w for w in row.ways}
for g in c.ways:
    w=ex.get(g.words)
    print(g.words)
    if not w: continue
    for i,cl in enumerate(g.claims):
        print('  claim',i,cl.fate,cl.layer,cl.record,cl.assumed, a.doubted(row.address,w,cl))
        for b in cl.boxes[:3]:
            for wanted in (None,(cl.layer,cl.record)) if cl.layer else (None,):
                pcs=enter(Walk(e,row.address,w,wanted if cl.fate=='stopped' else None),[Piece(b)])
                for x in pcs[:6]: print('     ->',bool(wanted),show(x.box),'open:',x.open,'as:',x.assumed,'stop:',x.stop,'passed',x.passed,x.mixed)
                if cl.fate!='stopped':
                    back=leave(Walk(e,row.address,w,wanted),[x for x in pcs if not x.stop])
                    for x in back[:6]: print('     <-',bool(wanted),show(x.box),'open:',x.open,'as:',x.assumed,'stop:',x.stop,'back',x.back,x.mixed)
