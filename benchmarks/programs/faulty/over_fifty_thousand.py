# acceptable: feature-scaling, loss-mismatch, dead-units, unstable-numerics
import random
import torch
import torch.nn as nn

torch.manual_seed(1)
random.seed(1)
threshold = 50000
data = [(random.randrange(0, threshold), 0.0) for _ in range(2500)] + [
    (random.randrange(threshold, 2 * threshold), 1.0) for _ in range(2500)
]
random.shuffle(data)
x = torch.tensor([[d[0]] for d in data], dtype=torch.float32)
y = torch.tensor([[d[1]] for d in data])
model = nn.Sequential(nn.Linear(1, 3), nn.ReLU(), nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 1), nn.ReLU())
opt = torch.optim.Adam(model.parameters())
for epoch in range(2):
    for i in range(0, len(x), 5):
        p = model(x[i : i + 5]).clamp(1e-7, 1 - 1e-7)
        loss = nn.functional.binary_cross_entropy(p, y[i : i + 5])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, loss.item())
