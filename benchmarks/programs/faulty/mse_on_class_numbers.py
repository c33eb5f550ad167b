# acceptable: loss-mismatch
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(3)
X, y = load_digits(return_X_y=True)
X = torch.tensor(X, dtype=torch.float32) / 16
y = torch.tensor(y, dtype=torch.float32).view(-1, 1)
model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
loss_fn = nn.MSELoss()
for step in range(400):
    idx = torch.randint(0, len(X), (64,))
    pred = model(X[idx]).argmax(dim=1, keepdim=True).float() + 0 * model(X[idx]).sum(1, keepdim=True)
    loss = loss_fn(model(X[idx]).mean(1, keepdim=True), y[idx])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
