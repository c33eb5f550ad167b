# acceptable: loss-mismatch
import torch
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

torch.manual_seed(1)
X, y = load_breast_cancer(return_X_y=True)
X = torch.from_numpy(StandardScaler().fit_transform(X)).float()
y = torch.from_numpy(y).float().unsqueeze(1)
model = torch.nn.Sequential(
    torch.nn.Linear(30, 16), torch.nn.ReLU(), torch.nn.Linear(16, 1), torch.nn.Sigmoid()
)
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
lossf = torch.nn.BCEWithLogitsLoss()
for epoch in range(60):
    for xb, yb in zip(X.split(64), y.split(64)):
        out = model(xb)
        l = lossf(out, yb)
        opt.zero_grad()
        l.backward()
        opt.step()
