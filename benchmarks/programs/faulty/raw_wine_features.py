# acceptable: feature-scaling
import torch
import torch.nn as nn
from sklearn.datasets import load_wine

torch.manual_seed(0)
X, y = load_wine(return_X_y=True)
X = torch.FloatTensor(X)
y = torch.LongTensor(y)
model = nn.Sequential(nn.Linear(13, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=1e-5)
criterion = nn.CrossEntropyLoss()
for epoch in range(500):
    outputs = model(X)
    loss = criterion(outputs, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
