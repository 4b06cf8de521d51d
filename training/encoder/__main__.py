import sys, json, torch
from pathlib import Path
from training.dataset import read
from training.encoder.network import tokenizer
from training.encoder.tasks import examples, topics, names
from training.encoder.finetune import finetune, batches
folder, epochs, out = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]); out.mkdir(parents=True, exist_ok=True)
torch.set_num_threads(2)
corpora, reader = read(folder), tokenizer()
found, about = examples(corpora, folder, reader), topics(corpora, reader)
tasks = names(found)
print(len(found), len(about), tasks)
b = batches(found, about, 0); print('steps an epoch', len(b), 'topical', sum(bool(x.topics) for x in b), 'tokens', sum(max(len(found[i].ids) for i in x.examples)*len(x.examples) for x in b if x.examples), flush=True)
encoder = finetune(found, about, tasks, epochs, out)
torch.save({"tasks": tasks, "encoder": encoder.state_dict()}, out / "encoder.pt")
