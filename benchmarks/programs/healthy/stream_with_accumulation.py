# acceptable: healthy
import torch
from torch import nn
from torch.utils.data import DataLoader, IterableDataset

torch.manual_seed(0)


class Stream(IterableDataset):
    def __iter__(self):
        g = torch.Generator().manual_seed(1)
        for _ in range(20000):
            x = torch.randn(8, generator=g)
            yield x, (x[0] * x[1] + x[2] > 0).long()


net = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 2))
opt = torch.optim.AdamW(net.parameters(), 3e-3)
acc = 4
for n, (x, y) in enumerate(DataLoader(Stream(), batch_size=16)):
    l = nn.functional.cross_entropy(net(x), y) / acc
    l.backward()
    if n % acc == acc - 1:
        opt.step()
        opt.zero_grad()
    if n % 200 == 0:
        print(n, l.item() * acc)
