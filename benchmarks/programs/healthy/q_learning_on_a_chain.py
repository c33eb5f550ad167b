# acceptable: healthy
import copy
import random

import torch
from torch import nn

random.seed(0)
torch.manual_seed(0)
N = 8
q = nn.Sequential(nn.Linear(N, 32), nn.ReLU(), nn.Linear(32, 2))
tgt = copy.deepcopy(q)
opt = torch.optim.Adam(q.parameters(), 1e-3)
buf = []
s = 0
eye = torch.eye(N)
for step in range(1500):
    with torch.no_grad():
        a = random.randrange(2) if random.random() < 0.3 else q(eye[s]).argmax().item()
    s2 = min(N - 1, s + 1) if a else max(0, s - 1)
    r = 1.0 if s2 == N - 1 else 0.0
    buf.append((s, a, r, s2))
    s = 0 if r or step % 40 == 39 else s2
    buf = buf[-2000:]
    if len(buf) > 64:
        b = random.sample(buf, 32)
        S, A, R, S2 = map(list, zip(*b))
        with torch.no_grad():
            y = torch.tensor(R) + 0.95 * (1 - torch.tensor(R)) * tgt(eye[S2]).max(1).values
        loss = nn.functional.smooth_l1_loss(q(eye[S]).gather(1, torch.tensor(A)[:, None])[:, 0], y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        if step % 100 == 0:
            tgt.load_state_dict(q.state_dict())
