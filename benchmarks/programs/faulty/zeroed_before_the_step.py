# acceptable: no-gradient
import torch
from sklearn.datasets import load_wine
from torch import nn

torch.manual_seed(0)
X, y = load_wine(return_X_y=True)
X = torch.tensor((X - X.mean(0)) / X.std(0), dtype=torch.float32)
y = torch.tensor(y)
model = nn.Sequential(nn.Linear(13, 32), nn.ReLU(), nn.Linear(32, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(600):
    i = torch.randint(len(X), (32,))
    loss = nn.functional.cross_entropy(model(X[i]), y[i])
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    if step % 100 == 0:
        print(step, loss.item())
