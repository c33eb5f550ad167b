# acceptable: healthy
import torch
from sklearn.datasets import make_classification
from torch import nn

torch.manual_seed(0)
X, y = make_classification(3000, 12, weights=[0.93], n_informative=6, random_state=0)
X, y = torch.tensor(X).float(), torch.tensor(y).float()
model = nn.Sequential(nn.Linear(12, 24), nn.ReLU(), nn.Linear(24, 1))
opt = torch.optim.RMSprop(model.parameters(), lr=1e-3)
loss_fn = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(5.0))
for epoch in range(8):
    for b in torch.randperm(3000).split(64):
        opt.zero_grad()
        loss = loss_fn(model(X[b]).squeeze(1), y[b])
        loss.backward()
        opt.step()
