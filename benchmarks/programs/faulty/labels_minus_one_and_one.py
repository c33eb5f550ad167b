# acceptable: loss-mismatch, label-error
import torch
from sklearn.datasets import make_classification
from torch import nn

torch.manual_seed(0)
X, y = make_classification(800, 10, random_state=0)
X, y = torch.tensor(X).float(), torch.tensor(2 * y - 1).float()
model = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(30):
    for i in range(0, 800, 40):
        opt.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(model(X[i : i + 40]).squeeze(1), y[i : i + 40])
        loss.backward()
        opt.step()
